// Starts every part of the page.

import { startFilters } from "./filters.js";
import { startFindings } from "./findings.js";
import { startMap } from "./map.js";
import { startMatrix } from "./matrix.js";
import { startReview } from "./review.js";
import { startWorkloads } from "./workloads.js";

startFilters();
startMap();
startMatrix();
startReview();
startWorkloads();
startFindings();
document.documentElement.dataset.ready = "yes";

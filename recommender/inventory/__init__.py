"""The cluster as known: from manifests, dumps, or only from what the flows say."""

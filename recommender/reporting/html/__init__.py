"""The page: the document as one file to read, and to review in, without any network request."""

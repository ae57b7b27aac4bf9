"""What a reviewer needs to trust drafts."""

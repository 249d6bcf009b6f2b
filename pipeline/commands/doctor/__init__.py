"""Whether this machine and this project are ready for the study; one file per subject."""

"""The endpoints of the control plane, one file per subject."""

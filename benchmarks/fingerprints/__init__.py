"""Are texts found again after they were edited, cut, pasted and converted, and are other texts left alone?"""

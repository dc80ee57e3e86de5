"""`lexgate doctor`: what of an installation is wrong, in plain words, and how to mend it. Looks only; changes nothing."""

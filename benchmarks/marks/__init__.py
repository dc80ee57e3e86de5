"""How much the invisible marks and fingerprints withstand, on pictures and sounds of your own."""

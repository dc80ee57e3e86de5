"""Ordinary prompts that hold nobody's data, written for measuring: nothing of them is trained on."""

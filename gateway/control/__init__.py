"""The control plane: what operators, auditors and other programs ask of Lexgate. The data plane never waits for it."""

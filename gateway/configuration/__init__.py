"""Where the configuration comes from: files, secrets, staged bundles and detectors."""

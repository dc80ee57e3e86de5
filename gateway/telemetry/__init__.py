"""What is told of the gateway while it runs: logs, metrics, spans. Never content."""

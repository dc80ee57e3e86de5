"""Who calls: issuers' signed tokens, client certificates and issued keys, each turned into a principal."""

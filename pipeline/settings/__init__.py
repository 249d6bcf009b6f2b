"""params.yaml -> frozen, validated settings."""

"""Parts of the end-to-end tests: a cluster without nodes, a record API, the gate."""

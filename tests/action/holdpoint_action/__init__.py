"""Parts of the tests of the action: a runner's step, a record API, a server of releases, act."""

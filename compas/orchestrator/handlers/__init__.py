"""What the supervisor does for each operation of the api, one file per area."""

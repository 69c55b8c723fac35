"""What is legal but suspect: coverage, dead branches, unused names, size, witnesses."""

"""What the tests are built of: fakes, stages and builders, by the part they stand for or belong to."""

"""What is shipped for the tests of those who build on this package: contract suites and fakes."""

"""What tools/bench is made of: servers, load, measurements and the report."""

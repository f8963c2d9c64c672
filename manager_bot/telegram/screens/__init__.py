"""What people see. A screen reads; it changes nothing."""

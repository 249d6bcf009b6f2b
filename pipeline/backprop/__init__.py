"""Question 4 of the assignment: one step of back-propagation, worked by hand and checked."""

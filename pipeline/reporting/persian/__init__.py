"""The answer in Persian, the language of the assignment: one page from the same results as the report."""

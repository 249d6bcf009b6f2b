"""ONE training: everything here decides its bytes, and no sentence for a person is written here."""

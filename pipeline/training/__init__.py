"""ONE training: everything here decides its bytes, so no sentence for a person is written here."""

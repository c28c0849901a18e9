"""Records of topics carried elsewhere, with the key of whoever asks: to another topic, or into files."""

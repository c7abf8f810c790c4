enum WireCodecRoom {}

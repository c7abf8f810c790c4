enum PolicyDefinitionsRoom {}

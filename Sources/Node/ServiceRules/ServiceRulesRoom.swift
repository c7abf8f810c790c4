enum ServiceRulesRoom {}

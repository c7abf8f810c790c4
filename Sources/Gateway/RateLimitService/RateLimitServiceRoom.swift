enum RateLimitServiceRoom {}

enum RateLimiterRoom {}

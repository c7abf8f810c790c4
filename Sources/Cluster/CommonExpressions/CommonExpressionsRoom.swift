enum CommonExpressionsRoom {}

print("fairway")

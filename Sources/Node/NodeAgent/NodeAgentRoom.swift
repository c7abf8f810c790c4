enum NodeAgentRoom {}

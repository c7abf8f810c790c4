enum LabRoom {}

"""What an edited workspace would change of what is published, told before it is applied."""

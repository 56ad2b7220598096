"""Publishing: the contract tables built aside, checked, and swapped in whole."""

"""What the plots of the page are drawn from: two days of samples, three years of energy by day."""

pressmarkSearch("b1771c9894e7/f-section",[["Local News","10"],["<b>News</b>","4"],["财经","0"]])

pressmarkSearch("48eb0cd5875c/f-section",[["Local News","10"],["<b>News</b>","4"],["财经","0"]])

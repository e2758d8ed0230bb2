pressmarkSearch("b1771c9894e7/f-author",[["Mira Holt","10"],["<svg onload=window.hacked=1>","4"],["Jon Adler","2"],["سلمى حداد","3"]])

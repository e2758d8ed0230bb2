pressmarkSearch("b1771c9894e7/f-language",[["en","10"],["ar","3"],["zh","0"]])

pressmarkSearch("48eb0cd5875c/f-language",[["en","10"],["ar","3"],["zh","0"]])

pressmarkSearch("48eb0cd5875c/f-topic",[["Harbours","000"],["Rare Earths","000"]])

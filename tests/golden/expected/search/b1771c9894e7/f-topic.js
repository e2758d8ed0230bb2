pressmarkSearch("b1771c9894e7/f-topic",[["Harbours","000"],["Rare Earths","000"]])

pressmarkSearch("b1771c9894e7/docs",{"lengths":"LJOGK","days":[[20393,2],[20392,2]]})

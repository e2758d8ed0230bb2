pressmarkSearch("48eb0cd5875c/docs",{"lengths":"LJOGK","days":[[20393,2],[20392,2]]})

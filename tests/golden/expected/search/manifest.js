pressmarkSearch("manifest",{"segment":"b1771c9894e7","documents":5,"bodyWords":188,"kept":20000,"shardSize":16,"terms":["1"]})

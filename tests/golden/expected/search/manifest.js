pressmarkSearch("manifest",{"segment":"48eb0cd5875c","documents":5,"bodyWords":187,"kept":20000,"shardSize":16,"terms":["1"]})

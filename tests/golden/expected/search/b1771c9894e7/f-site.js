pressmarkSearch("b1771c9894e7/f-site",[["The Harbour Post","10"],["{{ 7*7 }}</script>","4"],["الميناء","3"],["海报","0"]])

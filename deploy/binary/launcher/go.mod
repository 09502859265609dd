module bouncestream/launcher

go 1.19

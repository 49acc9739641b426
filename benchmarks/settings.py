"""The portal's own settings, with one more address: the floor that pages are measured beside."""

from smmods import settings as of_the_portal

globals().update({name: value for name, value in vars(of_the_portal).items() if name.isupper()})

ROOT_URLCONF = "benchmarks.urls"

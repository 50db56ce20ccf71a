from .page import write_page as write_page
from .retrieval_card import RetrievalRow as RetrievalRow
from .retrieval_card import retrieval_caption as retrieval_caption
from .retrieval_card import retrieval_rows as retrieval_rows
from .retrieval_card import zero_shot_words as zero_shot_words
from .view_grid import draw_views as draw_views
